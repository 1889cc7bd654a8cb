"""Somebody's consumer of RabbitMQ: one message at a time, acknowledged after the work, none after SIGTERM."""

import json
import os
import signal

import pika
from shop import work  # type: ignore[import-not-found]

go_on = [True]
signal.signal(signal.SIGTERM, lambda *_: go_on.clear())
connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
channel = connection.channel()
channel.basic_qos(prefetch_count=1)
for method, _, body in channel.consume("orders", inactivity_timeout=0.2):
    if method is not None and go_on:
        work(*json.loads(body))
        channel.basic_ack(method.delivery_tag)
    if not go_on:
        break
connection.close()  # what was fetched and not begun goes back
