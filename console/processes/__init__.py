"""The processes of one copy of Gatepost on one machine: start them, watch them, say how they are.

Read `supervisor` first; `home` says where everything lies; `queries` tells whether the copy is in order.
"""
