-- Takes one token of each bucket of KEYS, or of none. ARGV: each bucket's interval and depth (gateway/rates.py).
-- A key holds the time, in microseconds of this server's clock, at which its bucket is full; no key is a full one.
-- Answers {1 or 0, and for each bucket the microseconds until it is full, after the taking}.
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local allowed, ends = 1, {}
for i, key in ipairs(KEYS) do
  local interval, depth = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local known = tonumber(redis.call("GET", key) or now) or now
  -- Never more than empty: the clock may have been set back, or the rate made shorter.
  ends[i] = math.max(now, math.min(known, now + depth))
  if ends[i] + interval > now + depth then
    allowed = 0
  end
end
local answer = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 then
    ends[i] = ends[i] + tonumber(ARGV[2 * i - 1])
    redis.call("SET", key, string.format("%.0f", ends[i]), "PX", math.ceil((ends[i] - now) / 1000))
  end
  answer[i + 1] = ends[i] - now
end
return answer
