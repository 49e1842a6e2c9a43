{{ reference('goalposts') }}
