{{ reference('dimensions') }}
