--! keys: *
--! lib: base
-- Gives the farm up. ARGV: episode, controller, drop (1: remove every key). Returns 1 if it was ours
if redis.call('HGET', episode, 'controller') ~= ARGV[2] then return 0 end
if ARGV[3] == '1' then
  redis.call('UNLINK', unpack(KEYS))
else
  redis.call('HSET', episode, 'controller_until_us', '0')
end
return 1
