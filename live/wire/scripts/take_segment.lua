--! keys: episode, input_queue, emitting
--! lib: base
-- Moves segment number ARGV[2] from the input queue to `emitting`, once. ARGV: episode, number.
-- Returns {stale} | {none} | {ok, segment JSON}
if not is_current(ARGV[1]) then return {'stale'} end
local begun = tonumber(redis.call('HGET', episode, 'segments'))
if tonumber(ARGV[2]) == begun then
  if redis.call('LLEN', input_queue) == 0 then return {'none'} end
  redis.call('LMOVE', input_queue, emitting, 'LEFT', 'RIGHT')
  redis.call('LTRIM', emitting, -1, -1)
  redis.call('HINCRBY', episode, 'segments', 1)
end
return {'ok', redis.call('LINDEX', emitting, -1)}
