"""Queues in RabbitMQ: by its management, which knows most, or by AMQP alone."""
