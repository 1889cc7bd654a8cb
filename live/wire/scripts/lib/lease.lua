-- Needs: worker_queue, leases, leased, holding, deliveries and what wake and settle need.
local function read_lease(id)
  local record = redis.call('HGET', leased, id)
  if not record then return nil end
  local token, worker, claimed_us, body = string.match(record, '^(%d+)|([^|]*)|(%d+)|(.*)$')
  return {token = token, worker = worker, claimed_us = claimed_us, body = body}
end

local function release(id, lease)
  redis.call('ZREM', leases, id)
  redis.call('HDEL', leased, id)
  if redis.call('HGET', holding, lease.worker) == id then
    redis.call('HDEL', holding, lease.worker)
  end
end

-- Back to the head of the queue: it is the oldest. After max_deliveries it is given up.
local function put_back(at_us, id, lease, kind, reason)
  local given = tonumber(redis.call('HGET', deliveries, id) or '0')
  local allowed = tonumber(redis.call('HGET', episode, 'max_deliveries'))
  if given >= allowed then
    bury(at_us, id, lease.worker, reason, lease.body)
    return
  end
  redis.call('LPUSH', worker_queue, lease.body)
  note(at_us, kind, id, lease.worker, lease.token)
  wake_workers(1)
end
