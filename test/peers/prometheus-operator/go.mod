// Pins the module whose CustomResourceDefinitions test/peers/definitions.ts reads. Nothing of it is built: there is no Go here, and so `go mod tidy`
// would drop the line.
module kubeferry.example/test/peers/prometheus-operator

go 1.25.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
