-- Needs what lease needs, and claims, fence, heartbeats. Gives the oldest task to a worker.
-- A worker holds one task at most: asking again (a retry) gets the same one. Old requests get nothing.
local function task_id(body)
  local read, task = pcall(cjson.decode, body)
  if not read or type(task) ~= 'table' or type(task.id) ~= 'number' or task.id % 1 ~= 0 then return nil end
  return string.match(text(task.id), '^%d+$')
end

local function give(at_us, worker, id, body)
  local token = text(redis.call('INCR', fence))
  local lease_us = tonumber(redis.call('HGET', episode, 'lease_us'))
  redis.call('ZADD', leases, text(at_us + lease_us), id)
  redis.call('HSET', leased, id, token .. '|' .. worker .. '|' .. text(at_us) .. '|' .. body)
  redis.call('HSET', holding, worker, id)
  redis.call('HINCRBY', deliveries, id, 1)
  redis.call('SREM', idle, worker)
  note(at_us, 'claimed', id, worker, token)
  return {id, token, body}
end

-- Popping comes first: it is the one write a server that is out of memory still allows.
local function next_task(at_us, worker)
  while true do
    local body = redis.call('LPOP', worker_queue)
    if not body then return nil end
    local id = task_id(body)
    if not id then
      push_dead(at_us, '?', 'not a task: it must be a JSON object with a whole number `id`', body)
    elseif redis.call('HEXISTS', settled, id) == 1 or redis.call('HEXISTS', leased, id) == 1 then
      note(at_us, 'unexpected', id, worker, 0)
    else
      return give(at_us, worker, id, body)
    end
  end
end

local function take(at_us, worker, number)
  if tonumber(number) < tonumber(redis.call('HGET', claims, worker) or '-1') then return {} end
  local held = redis.call('HGET', holding, worker)
  local lease = held and read_lease(held)
  local task = lease and {held, lease.token, lease.body} or next_task(at_us, worker)
  if not task then redis.call('SADD', idle, worker) end
  redis.call('HSET', claims, worker, number)
  redis.call('ZADD', heartbeats, text(at_us), worker)
  return task or {}
end
