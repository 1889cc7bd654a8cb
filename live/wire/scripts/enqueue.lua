--! keys: episode, worker_queue, worker_queue:enqueued_total, wake, idle, history
--! lib: base, wake
-- Puts tasks on the worker queue and counts them, in one step. A task's number is its place in the episode, so a
-- repeated call adds nothing. ARGV: episode, number of the first task, task JSON...
-- Returns the tasks enqueued in all | -1 another episode | -2 a gap: tasks before the first are missing
if not is_current(ARGV[1]) then return -1 end
local total = tonumber(redis.call('GET', enqueued_total) or '0')
local first = tonumber(ARGV[2])
if first > total then return -2 end
local at_us = now_us()
local added = 0
for i = 3 + total - first, #ARGV do
  redis.call('RPUSH', worker_queue, ARGV[i])
  note(at_us, 'enqueued', text(total + added), '-', 0)
  added = added + 1
end
if added > 0 then
  redis.call('INCRBY', enqueued_total, added)
  wake_workers(added)
end
return total + added
