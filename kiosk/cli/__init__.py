"""The technicians' command line. Its modules are loaded when their verb is used: importing costs more than working."""
