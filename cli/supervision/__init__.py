"""What starts, feeds and watches the processes: everything between ``carrel up`` and a running service.

The only place outside settings classes that touches the environment, because it decides who gets what of it.
"""
