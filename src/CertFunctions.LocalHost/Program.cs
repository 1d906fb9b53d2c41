return await CertFunctions.LocalHost.Commands.Certfn.RunAsync(args);
