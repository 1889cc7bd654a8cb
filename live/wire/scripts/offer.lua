--! keys: episode, input_queue
--! lib: base
-- Adds segment number ARGV[2] to the input queue. ARGV: episode, number, segment JSON. Returns ok | again | stale
if not redis.call('HGET', episode, 'id') or redis.call('HGET', episode, 'id') ~= ARGV[1] then return 'stale' end
if redis.call('LLEN', input_queue) ~= tonumber(ARGV[2]) then return 'again' end
redis.call('RPUSH', input_queue, ARGV[3])
return 'ok'
