-- Appends numbered frames to a run's stream, KEYS[1]; those that are there already are left as they are.
-- ARGV: how long the stream is kept from now, in milliseconds; the number before which frames go; the channel on
-- which followers hear of it and what they hear; then each frame's number and text, in their order.
-- Answers the number of the newest frame.
local newest = redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)[1]
local last = newest and tonumber(string.match(newest[1], "^%d+")) or 0
for i = 5, #ARGV, 2 do
  if tonumber(ARGV[i]) > last then
    redis.call("XADD", KEYS[1], ARGV[i] .. "-0", "f", ARGV[i + 1])
    last = tonumber(ARGV[i])
  end
end
if tonumber(ARGV[2]) > 1 then
  redis.call("XTRIM", KEYS[1], "MINID", ARGV[2] .. "-0")
end
redis.call("PEXPIRE", KEYS[1], ARGV[1])
redis.call("PUBLISH", ARGV[3], ARGV[4])
return last
