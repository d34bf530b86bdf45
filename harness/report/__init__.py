"""The verdict in each dialect: a terminal, JUnit; nothing here decides anything."""
