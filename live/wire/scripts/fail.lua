--! keys: episode
--! lib: base
-- The emitter cannot go on: the reason ends the episode. ARGV: episode, reason
if is_current(ARGV[1]) then redis.call('HSET', episode, 'failed', ARGV[2]) end
return 1
