--! keys: episode, worker_queue, wake, idle, workers, heartbeats, history
--! lib: base, wake
-- A worker leaves. It may have used up a wake token without claiming, so the others are told of what waits.
-- ARGV: episode, worker
if not is_current(ARGV[1]) then return 0 end
if redis.call('HDEL', workers, ARGV[2]) == 1 then note(now_us(), 'left', '-', ARGV[2], 0) end
redis.call('ZREM', heartbeats, ARGV[2])
redis.call('SREM', idle, ARGV[2])
wake_workers(redis.call('LLEN', worker_queue))
return 1
