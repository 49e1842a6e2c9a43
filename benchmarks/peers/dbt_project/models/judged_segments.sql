{{ judged(var('segments')) }}
