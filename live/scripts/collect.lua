--! keys: episode, result_queue, counted, output_queue, deliveries, dead, history
--! lib: base
-- Moves up to ARGV[2] results to the output queue, each task once, stamped. ARGV: episode, most at once.
-- Returns {stale} | {moved, left over}
if not is_current(ARGV[1]) then return {'stale'} end
local at_us = now_us()
local moved = 0
local most = tonumber(ARGV[2])
for _, result in ipairs(most > 0 and redis.call('LPOP', result_queue, most) or {}) do
  local read, record = pcall(cjson.decode, result)
  if not read or type(record) ~= 'table' or type(record.id) ~= 'number' then
    redis.call('RPUSH', dead, cjson.encode({
      id = '?', reason = 'not a result', body = result, at_us = text(at_us), deliveries = 0,
    }))
  elseif redis.call('SADD', counted, text(record.id)) == 0 then
    note(at_us, 'duplicate', text(record.id), '-', 0)
  else
    redis.call('RPUSH', output_queue, string.sub(result, 1, -2) .. ',"collected_us":' .. text(at_us) .. '}')
    note(at_us, 'collected', text(record.id), record.worker or '-', record.token or 0)
    moved = moved + 1
  end
end
return {moved, redis.call('LLEN', result_queue)}
