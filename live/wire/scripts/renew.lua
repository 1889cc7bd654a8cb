--! keys: episode
--! lib: base
-- The controller is still there, however long its steps are. ARGV: episode, controller, controller ttl us.
-- Returns 1 if the farm is its own, else 0
if not is_current(ARGV[1]) or redis.call('HGET', episode, 'controller') ~= ARGV[2] then return 0 end
redis.call('HSET', episode, 'controller_until_us', text(now_us() + ARGV[3]))
return 1
