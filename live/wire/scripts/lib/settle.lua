-- Needs: result_queue, result_wake, settled, dead, deliveries. A task leaves the farm through here, once.
local function push_result(result)
  redis.call('RPUSH', result_queue, result)
  if redis.call('LLEN', result_wake) == 0 then
    redis.call('RPUSH', result_wake, '1')
  end
end

local function push_dead(at_us, id, reason, body)
  redis.call('RPUSH', dead, cjson.encode({
    id = id, reason = reason, body = body, at_us = text(at_us),
    deliveries = tonumber(redis.call('HGET', deliveries, id) or '0'),
  }))
end

-- A dead task counts as finished (with its deadline missed), so that no episode waits for it for ever.
local function bury(at_us, id, worker, reason, body)
  push_dead(at_us, id, reason, body)
  redis.call('HSET', settled, id, 'dead')
  push_result(string.format('{"id":%s,"worker":%s,"token":0,"deliveries":%s,"claimed_us":0,"finished_us":%s,' ..
    '"work_s":0,"dead":%s}', id, cjson.encode(worker), redis.call('HGET', deliveries, id) or '0',
    text(at_us), cjson.encode(reason)))
  note(at_us, 'dead', id, worker, 0)
end
