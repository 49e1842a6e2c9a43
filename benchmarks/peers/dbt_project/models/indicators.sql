{{ reference('indicators') }}
