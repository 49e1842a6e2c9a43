{{ reference('method') }}
