{{ checked(var('segments')) }}
