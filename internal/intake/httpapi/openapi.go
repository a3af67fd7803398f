package httpapi

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"hotline12333/pipelines"
)

//go:embed openapi.json
var described []byte

// document is the interface's description, with the contracts of the records put in.
func document() ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(described, &doc); err != nil {
		return nil, err
	}
	components, _ := doc["components"].(map[string]any)
	schemas, ok := components["schemas"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("components.schemas is missing")
	}
	for name, file := range map[string]string{
		"Call": "call", "Ticket": "ticket", "Supplement": "supplement", "AgentState": "agent-state",
	} {
		data, err := pipelines.Schema.ReadFile("schema/" + file + ".schema.json")
		if err != nil {
			return nil, err
		}
		var schema map[string]any
		if err := json.Unmarshal(data, &schema); err != nil {
			return nil, fmt.Errorf("schema %s: %w", file, err)
		}
		delete(schema, "$schema") // the document's own holds
		schemas[name] = schema
	}
	return json.MarshalIndent(doc, "", "  ")
}
