-- wrk's requests and its summary as one line of JSON. Arguments: the method and the size of the body.
function init(args)
   wrk.method = args[1]
   local size = tonumber(args[2])
   if size > 0 then
      local shell = '{"query":""}'
      wrk.body = '{"query":"' .. string.rep("w", size - #shell) .. '"}'
      wrk.headers["Content-Type"] = "application/json"
   end
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
      e.connect + e.read + e.write + e.status + e.timeout
   ))
end
