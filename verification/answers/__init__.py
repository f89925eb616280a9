"""The answer to each question that a command or the library is asked, as a record: nothing here prints."""
