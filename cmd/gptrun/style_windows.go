package main

import "golang.org/x/sys/windows"

// understandsEscapes makes the console take escape sequences, as all but old ones
// can.
func understandsEscapes() bool {
	for _, which := range []uint32{windows.STD_OUTPUT_HANDLE, windows.STD_ERROR_HANDLE} {
		console, err := windows.GetStdHandle(which)
		if err != nil {
			return false
		}
		var mode uint32
		if windows.GetConsoleMode(console, &mode) != nil {
			continue // sent elsewhere
		}
		if windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
			return false
		}
	}
	return true
}
