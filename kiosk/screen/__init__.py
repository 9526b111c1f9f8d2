"""The display at the door: a page on loopback that tells a worker in words what to do. It only listens."""
