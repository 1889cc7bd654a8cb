--! keys: episode, workers, heartbeats, history
--! lib: base
-- A worker is ready. ARGV: worker, host, pid, microseconds from its start until now. Returns the episode id, or ''
local id = redis.call('HGET', episode, 'id')
if not id then return '' end
local at_us = now_us()
if redis.call('HEXISTS', workers, ARGV[1]) == 0 then note(at_us, 'ready', '-', ARGV[1], ARGV[4]) end
redis.call('HSET', workers, ARGV[1], cjson.encode({
  host = ARGV[2], pid = tonumber(ARGV[3]), started_us = text(at_us - ARGV[4]), ready_us = text(at_us),
}))
redis.call('ZADD', heartbeats, text(at_us), ARGV[1])
return id
