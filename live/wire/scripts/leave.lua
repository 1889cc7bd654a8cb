--! keys: episode, worker_queue, wake, idle, leases, leased, holding, deliveries, settled, result_queue, result_wake, dead, workers, heartbeats, history
--! lib: base, wake, settle, lease
-- A worker leaves. A task it does not know it holds (the answer to its claim got lost) goes back, and since it may
-- have used up a wake token without claiming, the others are told of what waits. ARGV: episode, worker
if not is_current(ARGV[1]) then return 0 end
local at_us = now_us()
local id = redis.call('HGET', holding, ARGV[2])
local lease = id and read_lease(id)
if lease then
  release(id, lease)
  redis.call('HINCRBY', deliveries, id, -1)
  put_back(at_us, id, lease, 'returned', 'its worker left')
end
if redis.call('HDEL', workers, ARGV[2]) == 1 then note(at_us, 'left', '-', ARGV[2], 0) end
redis.call('ZREM', heartbeats, ARGV[2])
redis.call('SREM', idle, ARGV[2])
wake_workers(redis.call('LLEN', worker_queue))
return 1
