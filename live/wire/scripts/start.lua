--! keys: episode, emitter_wake
--! lib: base
-- Sets time 0 of the episode, once. ARGV: episode. Returns {started_us, now_us}, or {} if the episode is another
if not is_current(ARGV[1]) then return {} end
if redis.call('HGET', episode, 'started_us') == '0' then
  redis.call('HSET', episode, 'started_us', text(now_us()))
  redis.call('RPUSH', emitter_wake, '1')
end
return {redis.call('HGET', episode, 'started_us'), text(now_us())}
