-- Needs: worker_queue, wake, idle. One token for each new task, but never more than there are waiting workers.
local function wake_workers(tasks)
  local room = redis.call('SCARD', idle) - redis.call('LLEN', wake)
  for _ = 1, math.min(tasks, room) do
    redis.call('RPUSH', wake, '1')
  end
end
