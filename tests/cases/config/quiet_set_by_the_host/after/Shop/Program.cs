class Program {
    string name = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT");
}
