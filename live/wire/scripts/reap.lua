--! keys: episode, worker_queue, wake, idle, leases, leased, holding, deliveries, settled, result_queue, result_wake, dead, workers, heartbeats, history
--! lib: base, wake, settle, lease
-- Takes back tasks whose lease has ended, newest first so that the oldest is at the head again; forgets workers
-- silent for two leases; makes sure that waiting work has somebody awake. ARGV: episode, most tasks at once.
-- Returns how many were taken back | -1 another episode
if not is_current(ARGV[1]) then return -1 end
local at_us = now_us()
local expired = redis.call('ZRANGEBYSCORE', leases, '-inf', text(at_us), 'LIMIT', 0, tonumber(ARGV[2]))
for i = #expired, 1, -1 do
  local lease = read_lease(expired[i])
  release(expired[i], lease)
  put_back(at_us, expired[i], lease, 'expired',
    'no result after the last delivery: worker ' .. lease.worker .. ' fell silent')
end
local lease_us = tonumber(redis.call('HGET', episode, 'lease_us'))
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', heartbeats, '-inf', text(at_us - 2 * lease_us))) do
  if redis.call('HEXISTS', holding, worker) == 0 then
    redis.call('HDEL', workers, worker)
    redis.call('SREM', idle, worker)
    redis.call('ZREM', heartbeats, worker)
    note(at_us, 'silent', '-', worker, 0)
  end
end
wake_workers(redis.call('LLEN', worker_queue))
return #expired
