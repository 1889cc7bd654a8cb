"""Somebody's worker, in plain Python: HOST PORT QUEUE NAME; takes a task, works, counts it; SIGTERM ends it after that.

A pod runs this text as it is. Taking and finishing are scripts that can be run twice, so whoever lost the connection
asks again; it waits for an answer as long as it takes, so nothing it asked is still under way when it leaves.
"""

import signal
import socket
import sys
import time

TAKE = """local held = redis.call('HGET', KEYS[1] .. ':held', ARGV[1])
if held then return held end
local task = redis.call('RPOP', KEYS[1])
if task then redis.call('HSET', KEYS[1] .. ':held', ARGV[1], task) end
return task"""
FINISH = """if redis.call('HGET', KEYS[1] .. ':held', ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1] .. ':held', ARGV[1])
redis.call('RPUSH', KEYS[1] .. ':record', ARGV[2] .. ' ' .. ARGV[1])
return redis.call('INCR', KEYS[1] .. ':done')"""
PAUSE_S = 0.1


def main() -> None:
    """Work until told to end."""
    host, port, queue, name = sys.argv[1:]
    go_on = [True]
    signal.signal(signal.SIGTERM, lambda *_: go_on.clear())
    lines = None
    while go_on:
        lines, task = asked(lines, (host, int(port)), TAKE, queue, name)
        if task:
            time.sleep(float(task.rpartition(":")[2]))
            lines, _ = asked(lines, (host, int(port)), FINISH, queue, name, task)
        else:
            time.sleep(PAUSE_S)


def asked(lines, address, script, queue, *arguments):
    """Return the connection, a new one where the old one broke, and the server's answer to a script."""
    words = ["EVAL", script, "1", queue, *arguments]
    message = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    while True:
        try:
            lines = lines or connected(address)
            lines.write(message.encode())
            lines.flush()
            first = lines.readline().decode().strip()
            if not first or first[0] == "-":  # hung up, or still reading its file
                raise ConnectionError(first)
            return lines, lines.readline().decode().strip() if first[0] == "$" and first != "$-1" else ""
        except OSError:
            lines = None
            time.sleep(PAUSE_S)


def connected(address):
    """Return a connection on which answers are waited for as long as it takes."""
    connection = socket.create_connection(address, 5)
    connection.settimeout(None)
    return connection.makefile("rwb")


if __name__ == "__main__":
    main()
