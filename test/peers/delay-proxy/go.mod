module kubeferry.example/test/peers/delay-proxy

go 1.24.0
