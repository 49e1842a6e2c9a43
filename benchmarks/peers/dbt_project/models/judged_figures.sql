{{ judged(var('figures')) }}
