// Runs one of Argo CD's health checks with the Lua that Argo CD itself embeds, opened as narrowly. Reads
// {"script", "object"} as JSON, prints what the script returned as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var given struct {
		Script string
		Object any
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	// Unless useOpenLibs is set, Argo CD's health checks have these and no others.
	for name, open := range map[string]lua.LGFunction{
		lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return err
		}
	}
	state.SetGlobal("obj", valueOf(state, given.Object))
	if err := state.DoString(given.Script); err != nil {
		return err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return fmt.Errorf("the script returned no table")
	}
	answer := map[string]string{}
	table.ForEach(func(key, value lua.LValue) { answer[key.String()] = value.String() })
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func valueOf(state *lua.LState, value any) lua.LValue {
	switch known := value.(type) {
	case bool:
		return lua.LBool(known)
	case float64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		table := state.CreateTable(len(known), 0)
		for _, item := range known {
			table.Append(valueOf(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for name, item := range known {
			table.RawSetString(name, valueOf(state, item))
		}
		return table
	}
	return lua.LNil
}
