/** Runtimes that functions may have, and those of old that layers may still say they are made for. */

export const RUNTIMES: readonly string[] = (
  "nodejs18.x nodejs20.x nodejs22.x nodejs24.x nodejs26.x " +
  "python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 python3.15 " +
  "java8.al2 java8.al2023 java11 java11.al2023 java17 java17.al2023 java21 java25 " +
  "dotnet8 dotnet10 ruby3.2 ruby3.3 ruby3.4 ruby4.0 provided.al2 provided.al2023"
).split(" ");

export const FORMER_RUNTIMES: readonly string[] = (
  "nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x " +
  "java8 python2.7 python3.6 python3.7 python3.8 dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 dotnet6 " +
  "ruby2.5 ruby2.7 go1.x provided"
).split(" ");
