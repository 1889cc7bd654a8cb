--! keys: episode, result_queue, settled, counted, output_queue, deliveries, dead, history
--! lib: base
-- Moves up to ARGV[2] results to the output queue, each task once, stamped. ARGV: episode, most at once.
-- Returns {stale} | {moved, left over}
if not is_current(ARGV[1]) then return {'stale'} end

-- A result is what the farm itself settled, with the token that counts; anything else was put there by somebody.
local function result_of(line)
  local read, record = pcall(cjson.decode, line)
  if not read or type(record) ~= 'table' or type(record.id) ~= 'number' or type(record.token) ~= 'number' then
    return nil
  end
  local id = text(record.id)
  local token = redis.call('HGET', settled, id)
  if token ~= (record.dead and 'dead' or text(record.token)) then return nil end
  return id, record
end

local at_us = now_us()
local moved = 0
local most = tonumber(ARGV[2])
for _, result in ipairs(most > 0 and redis.call('LPOP', result_queue, most) or {}) do
  local id, record = result_of(result)
  if not id then
    redis.call('RPUSH', dead, cjson.encode({
      id = '?', reason = 'not a result', body = result, at_us = text(at_us), deliveries = 0,
    }))
  elseif redis.call('SADD', counted, id) == 0 then
    note(at_us, 'duplicate', id, '-', 0)
  else
    redis.call('RPUSH', output_queue, string.sub(result, 1, -2) .. ',"collected_us":' .. text(at_us) .. '}')
    note(at_us, 'collected', id, record.worker, record.token)
    moved = moved + 1
  end
end
return {moved, redis.call('LLEN', result_queue)}
