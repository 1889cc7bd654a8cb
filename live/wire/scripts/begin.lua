--! keys: *
--! lib: base
-- Starts a fresh episode: everything the last one left is dropped. Compare-and-set on the episode id.
-- ARGV: expected id ('' for none), new id, controller, controller ttl us, dead controller to replace ('' for none),
--       lease us, max deliveries. Returns ok | again | owned OWNER US_LEFT | conflict ID | foreign KEY
local current = redis.call('HGET', episode, 'id') or ''
if current == ARGV[2] then return {'again'} end
local owner = redis.call('HGET', episode, 'controller')
local left = tonumber(redis.call('HGET', episode, 'controller_until_us') or '0') - now_us()
if owner and owner ~= ARGV[3] and owner ~= ARGV[5] and left > 0 then return {'owned', owner, text(left)} end
if current ~= ARGV[1] then return {'conflict', current} end
for _, name in ipairs(KEYS) do
  if current == '' and redis.call('EXISTS', name) == 1 then return {'foreign', name} end
end
local waiting = redis.call('SCARD', idle)
redis.call('UNLINK', unpack(KEYS))
redis.call('HSET', episode, 'id', ARGV[2], 'controller', ARGV[3], 'controller_until_us', text(now_us() + ARGV[4]),
  'started_us', '0', 'lease_us', ARGV[6], 'max_deliveries', ARGV[7], 'segments', '0', 'failed', '')
-- Functions that outlive an episode block on these; they look at the new one now.
for _ = 1, waiting do redis.call('RPUSH', wake, '1') end
redis.call('RPUSH', emitter_wake, '1')
redis.call('RPUSH', result_wake, '1')
return {'ok'}
