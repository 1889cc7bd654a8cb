"""Queues of Celery, on Redis and on RabbitMQ."""
