{{ checked(var('figures')) }}
