--! keys: episode, worker_queue, wake, idle, leases, leased, holding, deliveries, settled, result_queue, result_wake, dead, workers, heartbeats, history
--! lib: base, wake, settle, lease
-- The platform saw a worker die: its task need not wait for the lease to end. ARGV: episode, worker, how it died.
-- Returns 1 if it held a task, else 0
if not is_current(ARGV[1]) then return 0 end
local at_us = now_us()
local worker = ARGV[2]
local id = redis.call('HGET', holding, worker)
local lease = id and read_lease(id)
if lease then
  release(id, lease)
  put_back(at_us, id, lease, 'orphaned', 'worker ' .. worker .. ' died: ' .. ARGV[3])
end
if redis.call('HDEL', workers, worker) == 1 then note(at_us, 'died', '-', worker, 0) end
redis.call('SREM', idle, worker)
redis.call('ZREM', heartbeats, worker)
wake_workers(redis.call('LLEN', worker_queue))
return lease and 1 or 0
