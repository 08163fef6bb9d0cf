"""What the administrator decided, as frozen values. PURE: no clock, no socket, no Django.

Read `setting` (what a declared setting is), `receive_connector` (THE table), `snapshot` (everything one revision says),
`document` (the snapshot as JSON), `rules` (what may not stand together).
"""
