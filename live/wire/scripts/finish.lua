--! keys: episode, worker_queue, wake, idle, fence, leases, leased, holding, claims, deliveries, settled, values, result_queue, result_wake, dead, heartbeats, history
--! lib: base, wake, settle, lease, take
-- Ends a lease, and gives the worker its next task in the same step.
-- ARGV: episode, worker, task id, token, outcome (done | failed | returned), value JSON or reason, seconds of work,
--       number of this worker's next claim ('' : do not claim).
-- Returns {stale} | {settled | again | fenced} | {settled | again | fenced, task id, token, task JSON}
if not is_current(ARGV[1]) then return {'stale'} end
local worker, id, token, outcome = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local at_us = now_us()

local function done(lease)
  redis.call('HSET', settled, id, token)
  if ARGV[6] ~= 'null' then redis.call('HSET', values, id, ARGV[6]) end
  push_result(string.format('{"id":%s,"worker":%s,"token":%s,"deliveries":%s,"claimed_us":%s,"finished_us":%s,' ..
    '"work_s":%s}', id, cjson.encode(worker), token, redis.call('HGET', deliveries, id), lease.claimed_us,
    text(at_us), ARGV[7]))
  note(at_us, 'finished', id, worker, token)
end

local function settle()
  if redis.call('HGET', settled, id) == token then return 'again' end
  local lease = read_lease(id)
  if not lease or lease.token ~= token then
    note(at_us, 'fenced', id, worker, token)
    return 'fenced'
  end
  release(id, lease)
  if outcome == 'done' then
    done(lease)
  elseif outcome == 'failed' then
    put_back(at_us, id, lease, 'failed', ARGV[6])
  else
    redis.call('HINCRBY', deliveries, id, -1)
    put_back(at_us, id, lease, 'returned', ARGV[6])
  end
  return 'settled'
end

local state = settle()
redis.call('ZADD', heartbeats, text(at_us), worker)
if ARGV[8] == '' then return {state} end
return {state, unpack(take(at_us, worker, ARGV[8]))}
